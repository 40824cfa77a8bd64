import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ImportedCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=40)),
                ('number', models.CharField(max_length=40)),
                ('received_at', models.DateTimeField()),
                ('established_at', models.DateTimeField(null=True)),
                ('item', models.CharField(max_length=64)),
                ('item_name', models.CharField(max_length=80)),
                ('agency_name', models.CharField(blank=True, max_length=80)),
                ('district_name', models.CharField(blank=True, max_length=40)),
                ('address', models.CharField(max_length=200)),
                ('description', models.TextField()),
                ('reporter_name', models.CharField(blank=True, max_length=80)),
                ('reporter_phone', models.CharField(blank=True, max_length=40)),
                ('standing', models.CharField(choices=[('draft', '建立中'), ('established', '已成案'), ('acknowledged', '已簽收'), ('completed', '已辦畢'), ('closed', '已結案')], max_length=16)),
                ('finding', models.CharField(blank=True, max_length=16)),
                ('result', models.TextField(blank=True)),
                ('digest', models.CharField(max_length=32)),
                ('file', models.CharField(max_length=200)),
                ('line', models.PositiveIntegerField()),
                ('imported_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['source', 'received_at'], name='imported_case_time')],
                'constraints': [models.UniqueConstraint(fields=('source', 'number'), name='imported_case_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportedStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('standing', models.CharField(choices=[('draft', '建立中'), ('established', '已成案'), ('acknowledged', '已簽收'), ('completed', '已辦畢'), ('closed', '已結案')], max_length=16)),
                ('agency_name', models.CharField(blank=True, max_length=80)),
                ('sighting', models.BooleanField(default=False)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='rehearsal.importedcase')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'at', 'standing'), name='imported_step_once')],
            },
        ),
    ]
