import citycall.base.private
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who was spoken to on the telephone is a citizen's name: encrypted. A request can lapse."""

    dependencies = [
        ('cases', '0001_initial'),
    ]

    operations = [
        migrations.RemoveField(model_name='phonerecord', name='callee'),
        migrations.AddField(
            model_name='phonerecord',
            name='callee',
            field=citycall.base.private.EncryptedTextField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='stagerequest',
            name='state',
            field=models.CharField(choices=[('pending', '待審核'), ('approved', '同意'), ('refused', '不同意'), ('lapsed', '毋庸審核')], default='pending', max_length=8),
        ),
    ]
