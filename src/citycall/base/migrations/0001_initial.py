import citycall.base.audit
import citycall.base.private
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunSQL(
            'CREATE SEQUENCE IF NOT EXISTS citycall_number', 'DROP SEQUENCE IF EXISTS citycall_number'
        ),
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('subject_kind', models.TextField()),
                ('subject_id', models.BigIntegerField()),
                ('kind', models.TextField()),
                ('at', models.DateTimeField()),
                ('actor_kind', models.TextField()),
                ('staff_id', models.BigIntegerField(null=True)),
                ('post', models.TextField(default='')),
                ('data', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('scope', models.TextField()),
                ('key', models.TextField()),
                ('request', models.BinaryField()),
                ('result', models.JSONField(null=True)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('about_kind', models.CharField(max_length=40)),
                ('about_id', models.BigIntegerField()),
                ('to_post', models.CharField(blank=True, max_length=80, null=True)),
                ('party_id', models.BigIntegerField(blank=True, null=True)),
                ('role', models.CharField(blank=True, max_length=40)),
                ('template', models.CharField(max_length=80)),
                ('channel', models.CharField(max_length=10)),
                ('lang', models.CharField(blank=True, max_length=10)),
                ('policy_version_id', models.BigIntegerField(blank=True, null=True)),
                ('context', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('undeliverable', 'Undeliverable')], default='pending', max_length=13)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('due_at', models.DateTimeField()),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('uncertain_since', models.DateTimeField(blank=True, null=True)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('digest_key', models.CharField(blank=True, max_length=120, null=True)),
                ('on_sent', models.CharField(blank=True, max_length=60, null=True)),
                ('subject', models.TextField(blank=True)),
                ('body', models.TextField(blank=True)),
                ('sent_to_masked', models.CharField(blank=True, max_length=120)),
                ('sent_to_staff', models.BigIntegerField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('receipt', models.JSONField(default=dict)),
                ('caused_by', models.BigIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'base_notice',
            },
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.TextField()),
                ('version', models.TextField()),
                ('digest', models.TextField(unique=True)),
                ('path', models.TextField(help_text='where it was loaded from; for people only')),
                ('folder', models.TextField(help_text="the pack's own folder among the frozen files")),
                ('files', models.JSONField(help_text='relative path -> text, of the pack and of what it extends')),
                ('loaded_at', models.DateTimeField()),
                ('active', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='RecordedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=10)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('to', citycall.base.private.EncryptedTextField()),
                ('subject', models.TextField(blank=True)),
                ('body', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'base_recorded_message',
            },
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('mime', models.CharField(max_length=60)),
                ('size', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('about_kind', models.CharField(blank=True, max_length=40)),
                ('about_id', models.BigIntegerField(blank=True, null=True)),
                ('uploaded_by', models.BigIntegerField(blank=True, null=True)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'base_stored_file',
            },
        ),
        migrations.CreateModel(
            name='Timer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('due', models.DateTimeField()),
                ('handler', models.TextField()),
                ('subject_kind', models.TextField()),
                ('subject_id', models.BigIntegerField()),
                ('payload', models.JSONField(default=dict)),
                ('state', models.TextField(choices=[('pending', 'Pending'), ('struck', 'Struck'), ('cancelled', 'Cancelled'), ('broken', 'Broken')], default='pending')),
                ('struck_at', models.DateTimeField(null=True)),
                ('error', models.TextField(default='')),
            ],
        ),
        migrations.CreateModel(
            name='WorkerBeat',
            fields=[
                ('worker', models.TextField(primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField()),
                ('beat_at', models.DateTimeField()),
                ('struck', models.BigIntegerField(default=0)),
                ('sent', models.BigIntegerField(default=0)),
                ('chained', models.BigIntegerField(default=0)),
                ('worst_lateness_ms', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('xid', citycall.base.audit.TransactionIdField(db_default=citycall.base.audit.CurrentTransactionId(output_field=citycall.base.audit.TransactionIdField()))),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('actor_kind', models.TextField()),
                ('staff_id', models.BigIntegerField(null=True)),
                ('post', models.TextField(default='')),
                ('via', models.TextField(default='')),
                ('ip', models.GenericIPAddressField(null=True)),
                ('command', models.TextField()),
                ('subject_kind', models.TextField(default='')),
                ('subject_id', models.TextField(default='')),
                ('outcome', models.TextField()),
                ('detail', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['xid', 'id'], name='base_audit_order'), models.Index(fields=['subject_kind', 'subject_id', 'id'], name='base_audit_subject'), models.Index(fields=['staff_id', 'at'], name='base_audit_staff')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='audit_entry_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6ca6cff9bbdeb059145859961e8b744c27fad55a', operation='UPDATE OR DELETE', pgid='pgtrigger_audit_entry_append_only_ab6b6', table='base_auditentry', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='auditlink',
            name='entry',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='base.auditentry'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['subject_kind', 'subject_id', 'id'], name='base_event_subject'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='event',
            trigger=pgtrigger.compiler.Trigger(name='event_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c627b248e7ebaa302dcbf9f34d2582f975306c1d', operation='UPDATE OR DELETE', pgid='pgtrigger_event_append_only_0bfb6', table='base_event', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='idempotencykey',
            constraint=models.UniqueConstraint(fields=('scope', 'key'), name='base_idempotency_scope_key'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('digest_key__isnull', True), ('state', 'pending')), fields=['due_at', 'id'], name='base_notice_due'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('digest_key__isnull', False), ('state', 'pending')), fields=['to_post', 'channel', 'template', 'digest_key', 'due_at'], name='base_notice_digest'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['claimed_at'], name='base_notice_claimed'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['about_kind', 'about_id'], name='base_notice_about'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'undeliverable'])), fields=['created_at'], name='base_notice_trouble'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('to_post__isnull', False), ('party_id__isnull', False), _connector='XOR'), name='base_notice_one_recipient'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'screen'])), name='base_notice_channel'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('active', True)), fields=('active',), name='base_policyversion_one_in_force'),
        ),
        migrations.AddIndex(
            model_name='storedfile',
            index=models.Index(fields=['about_kind', 'about_id'], name='base_file_about'),
        ),
        migrations.AddIndex(
            model_name='timer',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['due', 'id'], name='base_timer_pending'),
        ),
        migrations.AddIndex(
            model_name='timer',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['subject_kind', 'subject_id'], name='base_timer_subject'),
        ),
        migrations.AddIndex(
            model_name='timer',
            index=models.Index(condition=models.Q(('state', 'broken')), fields=['id'], name='base_timer_broken'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditlink',
            trigger=pgtrigger.compiler.Trigger(name='audit_link_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a737b0fd6e53d3d0ffd80ddf80aa460e5874b758', operation='UPDATE OR DELETE', pgid='pgtrigger_audit_link_append_only_d6402', table='base_auditlink', when='BEFORE')),
        ),
    ]
