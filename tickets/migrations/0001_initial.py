from pathlib import Path

import accounts.models.users
import config.history
import config.triggers
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.lookups
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
import tickets.models.canned
from django.conf import settings
from django.contrib.postgres.operations import BtreeGinExtension, UnaccentExtension
from django.db import migrations, models


SEARCH = Path(__file__).with_name("search.sql").read_text(encoding="utf-8")
ASSIGNEES = Path(__file__).with_name("assignees.sql").read_text(encoding="utf-8")
FUNCTIONS = (
    "tickets_search", "tickets_search_blocks", "tickets_search_wish", "tickets_index_answer", "tickets_index", "tickets_texts",
    "tickets_join", "tickets_query", "tickets_words", "tickets_plain", "tickets_polish",
)  # fmt: skip


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('scheduling', '0001_initial'),
        ('shop', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGinExtension(),
        UnaccentExtension(),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='subject')),
                ('message', models.TextField(max_length=50000, verbose_name='message')),
                ('status', models.CharField(choices=[('u', 'unsolved'), ('c', 'closed'), ('f', 'frozen')], db_default='u', default='u', max_length=1, verbose_name='status')),
                ('priority', models.CharField(choices=[('low', 'low'), ('normal', 'normal'), ('high', 'high'), ('urgent', 'urgent')], db_default='normal', default='normal', max_length=10, verbose_name='priority')),
                ('awaiting', models.CharField(choices=[('support', 'support'), ('customer', 'customer')], db_default='support', editable=False, max_length=10, null=True, verbose_name='awaiting')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('assignee', models.ForeignKey(blank=True, db_index=False, limit_choices_to={'is_active': True, 'is_staff': True}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assigned_tickets', to=settings.AUTH_USER_MODEL, verbose_name='assignee')),
                ('changed_status', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='status set by')),
                ('meeting', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='scheduling.meeting', verbose_name='meeting')),
                ('order', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='shop.order', verbose_name='order')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
            ],
            options={
                'verbose_name': 'ticket',
                'verbose_name_plural': 'tickets',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.TextField(max_length=50000, verbose_name='message')),
                ('internal', models.BooleanField(db_default=False, default=False, help_text='A note that customers never see.', verbose_name='internal')),
                ('answered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='answered')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='tickets.ticket', verbose_name='ticket')),
            ],
            options={
                'verbose_name': 'answer',
                'verbose_name_plural': 'answers',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(help_text='1 to 5, as they were sent.')),
                ('file', models.FileField(max_length=200, upload_to='attachments', verbose_name='file')),
                ('name', models.CharField(help_text='As its sender called it.', max_length=200, verbose_name='name')),
                ('content_type', models.CharField(max_length=100, verbose_name='type')),
                ('size', models.PositiveIntegerField(verbose_name='bytes')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created')),
                ('answer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='tickets.answer')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='tickets.ticket')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=100, verbose_name='title')),
                ('language', models.CharField(choices=[('en', 'English'), ('pl', 'Polski'), ('ru', 'Русский')], default=accounts.models.users.default_language, max_length=5, verbose_name='language')),
                ('text', models.TextField(help_text='Filled in for each ticket: {first_name}, {ticket_id}, {subject}, {agent}.', max_length=5000, verbose_name='text')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'canned reply',
                'verbose_name_plural': 'canned replies',
                'ordering': ('title', 'language'),
                'constraints': [models.UniqueConstraint(fields=('title', 'language'), name='canned_reply_unique', violation_error_message='There is a reply of this title in this language.'), models.CheckConstraint(condition=models.Q(django.db.models.lookups.Regex(tickets.models.canned._WithoutPlaceholders(models.F('text')), '[{}]'), _negated=True), name='canned_reply_placeholders_known', violation_error_message='Braces stand around placeholders only: {first_name}, {ticket_id}, {subject}, {agent}.')],
            },
        ),
        migrations.CreateModel(
            name='StatusChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_status', models.CharField(choices=[('u', 'unsolved'), ('c', 'closed'), ('f', 'frozen')], max_length=1, verbose_name='from')),
                ('to_status', models.CharField(choices=[('u', 'unsolved'), ('c', 'closed'), ('f', 'frozen')], max_length=1, verbose_name='to')),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='changed')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='status_changes', to='tickets.ticket')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'change of status',
                'verbose_name_plural': 'changes of status',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('ticket', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='tickets.ticket')),
                ('block', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('ticket'), '>>', models.Value(15)), output_field=models.BigIntegerField())),
                ('owner', models.BigIntegerField()),
                ('status', models.CharField(max_length=1)),
                ('awaiting', models.CharField(max_length=10, null=True)),
                ('assignee', models.BigIntegerField(null=True)),
                ('words', django.contrib.postgres.search.SearchVectorField()),
                ('staff_words', django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=True, fields=['block', 'owner', 'status', 'awaiting', 'assignee', 'words', 'staff_words'], gin_pending_list_limit=64, name='ticket_words'), models.Index(fields=['owner', '-ticket'], name='ticket_words_of_owner')],
            },
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['user', '-id'], name='ticket_of_user'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['created_at'], name='ticket_by_creation'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['status', '-id'], name='ticket_by_status'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('awaiting__isnull', False)), fields=['awaiting', '-id'], name='ticket_by_awaiting'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('assignee__isnull', False)), fields=['assignee', '-id'], name='ticket_by_assignee'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['u', 'c', 'f'])), name='ticket_status_known'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('priority__in', ['low', 'normal', 'high', 'urgent'])), name='ticket_priority_known'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('awaiting', None), ('awaiting__in', ['support', 'customer']), _connector='OR'), name='ticket_awaiting_known'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('message__regex', '[^[:space:]\\u200c\\u200d\\u034f\\u17b4\\u17b5\\u180b-\\u180d\\u180f\\ufe00-\\ufe0f\\U000e0100-\\U000e01ef\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u115f\\u1160\\u2800\\u3164\\uffa0\\U000e0001-\\U000e007f]')), name='ticket_has_message'),
        ),
        migrations.RunSQL(SEARCH, "".join(f"DROP FUNCTION {name};" for name in FUNCTIONS)),
        migrations.RunSQL(ASSIGNEES, "DROP TRIGGER tickets_give_back ON accounts_user; DROP FUNCTION tickets_give_back;"),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='owner_is_open', sql=config.triggers.TriggerSql(func="\n                    PERFORM FROM accounts_user WHERE id = NEW.user_id AND closed_at IS NULL FOR KEY SHARE;\n                    IF NOT FOUND THEN\n                        RAISE EXCEPTION 'nobody speaks by a closed account'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_owner_is_open';\n                    END IF;\n                    RETURN NEW;\n                ", hash='c815adeccb81f92fb6e583b161c4781327fa78f7', operation='INSERT', pgid='pgtrigger_owner_is_open_80749', table='tickets_ticket', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='assign_support', sql=config.triggers.TriggerSql(condition='WHEN (NEW."assignee_id" IS NOT NULL)', func="\n                    IF TG_OP = 'UPDATE' AND NEW.assignee_id IS NOT DISTINCT FROM OLD.assignee_id THEN RETURN NEW; END IF;\n                    PERFORM FROM accounts_user WHERE id = NEW.assignee_id AND is_staff AND is_active FOR SHARE;\n                    IF NOT FOUND THEN\n                        RAISE EXCEPTION 'tickets are assigned to support'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_assignee_is_support';\n                    END IF;\n                    RETURN NEW;\n                ", hash='d59877d4c9c2ee06810ad142285fc91ad864ddb0', operation='INSERT OR UPDATE OF "assignee_id"', pgid='pgtrigger_assign_support_968a6', table='tickets_ticket', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='refer_to_own', sql=config.triggers.TriggerSql(condition='WHEN (NEW."order_id" IS NOT NULL OR NEW."meeting_id" IS NOT NULL)', func="\n                    IF NEW.order_id IS NOT NULL AND NOT EXISTS (\n                        SELECT FROM shop_order WHERE id = NEW.order_id AND user_id = NEW.user_id\n                    ) THEN\n                        RAISE EXCEPTION 'a ticket is about an order of its owner'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_order_is_own';\n                    END IF;\n                    IF NEW.meeting_id IS NOT NULL AND NOT EXISTS (\n                        SELECT FROM scheduling_meeting\n                        WHERE id = NEW.meeting_id AND NEW.user_id IN (student_id, tutor_id)\n                    ) THEN\n                        RAISE EXCEPTION 'a ticket is about a meeting of its owner'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_meeting_is_own';\n                    END IF;\n                    RETURN NEW;\n                ", hash='8166bcd55f55e8d4853c5f05b8fd1bf2140f60c2', operation='INSERT OR UPDATE OF "user_id", "order_id", "meeting_id"', pgid='pgtrigger_refer_to_own_6b666', table='tickets_ticket', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='set_status', sql=config.triggers.TriggerSql(declare='DECLARE spoke bigint;', func="\n                    IF NEW.status <> OLD.status AND NEW.changed_status_id IS NOT DISTINCT FROM OLD.changed_status_id THEN\n                        NEW.changed_status_id := nullif(current_setting('frontdesk.actor', true), '')::bigint;\n                    END IF;\n                    IF NEW.status = 'c' THEN\n                        NEW.awaiting := NULL;\n                    ELSIF OLD.status = 'c' THEN\n                        -- Who is support no longer sees to no open ticket (migrations/assignees.sql).\n                        IF NEW.assignee_id IS NOT NULL THEN\n                            PERFORM FROM accounts_user WHERE id = NEW.assignee_id AND is_staff AND is_active FOR SHARE;\n                            IF NOT FOUND THEN NEW.assignee_id := NULL; END IF;\n                        END IF;\n                        SELECT user_id INTO spoke FROM tickets_answer\n                            WHERE ticket_id = NEW.id AND NOT internal ORDER BY id DESC LIMIT 1;\n                        NEW.awaiting := CASE WHEN coalesce(spoke, NEW.user_id) = NEW.user_id THEN 'support' ELSE 'customer' END;\n                    END IF;\n                    RETURN NEW;\n                ", hash='c575d850128a96b958856e5e9c99115985b62201', operation='UPDATE OF "status"', pgid='pgtrigger_set_status_35d99', table='tickets_ticket', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='record_status', sql=config.triggers.TriggerSql(condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))', func='\n                    INSERT INTO tickets_statuschange (ticket_id, user_id, from_status, to_status)\n                        VALUES (NEW.id, NEW.changed_status_id, OLD.status, NEW.status);\n                    RETURN NEW;\n                ', hash='4635ac4e8cff96b7a253bd7fa6a7a7c1e122ab20', operation='UPDATE OF "status"', pgid='pgtrigger_record_status_6fab5', table='tickets_ticket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='index_words', sql=config.triggers.TriggerSql(func="\n                    IF TG_OP = 'INSERT' THEN\n                        INSERT INTO tickets_searchtext (ticket_id, owner, status, awaiting, assignee, words, staff_words)\n                            SELECT NEW.id, NEW.user_id, NEW.status, NEW.awaiting, NEW.assignee_id, w, w\n                            FROM tickets_words(NEW.subject || ' ' || NEW.message) w;\n                    ELSE\n                        PERFORM tickets_index(NEW.id);\n                    END IF;\n                    RETURN NEW;\n                ", hash='2bbba14c94b6b2d2fa7dddfac086555d7f79a441', operation='INSERT OR UPDATE OF "subject", "message"', pgid='pgtrigger_index_words_fb7f9', table='tickets_ticket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='index_filters', sql=config.triggers.TriggerSql(condition='WHEN (OLD."assignee_id" IS DISTINCT FROM (NEW."assignee_id") OR OLD."awaiting" IS DISTINCT FROM (NEW."awaiting") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='\n                    UPDATE tickets_searchtext s\n                        SET owner = NEW.user_id, status = NEW.status, awaiting = NEW.awaiting, assignee = NEW.assignee_id\n                        WHERE s.ticket_id = NEW.id AND (s.owner, s.status, s.awaiting, s.assignee)\n                            IS DISTINCT FROM (NEW.user_id, NEW.status, NEW.awaiting, NEW.assignee_id);\n                    RETURN NEW;\n                ', hash='3f2dae87e41c6fa20ee5ba5debbcc025b14641f7', operation='UPDATE', pgid='pgtrigger_index_filters_0c12a', table='tickets_ticket', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(fields=('ticket', 'answer', 'position'), name='attachment_place_unique', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('position__gte', 1), ('position__lte', 5)), name='attachment_place_known'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(fields=('file',), name='attachment_file_unique'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attachment',
            trigger=pgtrigger.compiler.Trigger(name='keep_with_answer', sql=config.triggers.TriggerSql(condition='WHEN (NEW."answer_id" IS NOT NULL)', func="\n                    IF NOT EXISTS (SELECT FROM tickets_answer WHERE id = NEW.answer_id AND ticket_id = NEW.ticket_id) THEN\n                        RAISE EXCEPTION 'the answer is to another ticket'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'attachment_answer_is_tickets';\n                    END IF;\n                    RETURN NEW;\n                ", hash='01260c24afce86ed5ce34c57f3565a02b2e9bfd4', operation='INSERT OR UPDATE OF "ticket_id", "answer_id"', pgid='pgtrigger_keep_with_answer_637e9', table='tickets_attachment', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(fields=['ticket', '-id'], name='answer_to_ticket'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(condition=models.Q(('internal', False)), fields=['ticket', '-id'], include=('user',), name='answer_public'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('message__regex', '[^[:space:]\\u200c\\u200d\\u034f\\u17b4\\u17b5\\u180b-\\u180d\\u180f\\ufe00-\\ufe0f\\U000e0100-\\U000e01ef\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u115f\\u1160\\u2800\\u3164\\uffa0\\U000e0001-\\U000e007f]')), name='answer_has_message'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='answer',
            trigger=pgtrigger.compiler.Trigger(name='speak', sql=config.triggers.TriggerSql(declare='DECLARE about tickets_ticket%ROWTYPE; said tickets_answer%ROWTYPE; spoke bigint;', func="\n                    IF TG_OP = 'DELETE' THEN said := OLD; ELSE said := NEW; END IF;\n                    IF TG_OP = 'UPDATE' AND OLD.ticket_id <> NEW.ticket_id THEN\n                        RAISE EXCEPTION 'an answer stays with its ticket'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_stays_with_ticket';\n                    END IF;\n                    PERFORM FROM accounts_user\n                        WHERE id IN (said.user_id, (SELECT user_id FROM tickets_ticket WHERE id = said.ticket_id))\n                        ORDER BY id FOR KEY SHARE;\n                    SELECT * INTO about FROM tickets_ticket WHERE id = said.ticket_id FOR NO KEY UPDATE;\n                    IF TG_OP = 'INSERT' AND said.user_id = about.user_id\n                        AND EXISTS (SELECT FROM accounts_user WHERE id = about.user_id AND closed_at IS NOT NULL) THEN\n                        RAISE EXCEPTION 'nobody speaks by a closed account'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_owner_is_open';\n                    END IF;\n                    IF said.internal AND TG_OP = 'INSERT' THEN\n                        PERFORM tickets_index_answer(about.id, about.awaiting, said.message, true);\n                        RETURN NULL;\n                    END IF;\n                    SELECT user_id INTO spoke FROM tickets_answer\n                        WHERE ticket_id = about.id AND NOT internal ORDER BY id DESC LIMIT 1;\n                    about.awaiting := CASE\n                        WHEN coalesce(spoke, about.user_id) = about.user_id\n                            AND (about.status <> 'c' OR spoke IS NOT NULL) THEN 'support'\n                        WHEN about.status = 'c' THEN NULL\n                        ELSE 'customer' END;\n                    IF TG_OP = 'INSERT' THEN\n                        PERFORM tickets_index_answer(about.id, about.awaiting, said.message, false);\n                    ELSIF EXISTS (SELECT FROM tickets_searchtext WHERE ticket_id = about.id) THEN\n                        -- Whoever changes all answers takes the row away before, and has it written once, not for each\n                        -- answer from all of them (tickets.services.forget_user).\n                        PERFORM tickets_index(about.id);\n                    END IF;\n                    UPDATE tickets_ticket SET awaiting = about.awaiting\n                        WHERE id = about.id AND awaiting IS DISTINCT FROM about.awaiting;\n                    RETURN NULL;\n                ", hash='1be6d33677e8131a3c4c5d48e2f743e55ab96ffe', operation='INSERT OR UPDATE OF "ticket_id", "user_id", "message", "internal" OR DELETE', pgid='pgtrigger_speak_2500e', table='tickets_answer', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='statuschange',
            index=models.Index(fields=['ticket', '-id'], name='status_change_of_ticket'),
        ),
        migrations.AddConstraint(
            model_name='statuschange',
            constraint=models.CheckConstraint(condition=models.Q(('from_status__in', ['u', 'c', 'f']), ('to_status__in', ['u', 'c', 'f'])), name='status_change_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statuschange',
            trigger=pgtrigger.compiler.Trigger(name='keep_forever', sql=config.triggers.TriggerSql(func="\n                    RAISE EXCEPTION 'history is not rewritten'\n                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_history_fixed';\n                ", hash='cb4b4915af9a0f73060f0960f9109e5fa369e056', operation='UPDATE OR DELETE', pgid='pgtrigger_keep_forever_7a70a', table='tickets_statuschange', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='TicketHistory',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_became', models.JSONField(decoder=config.history.Exact, null=True)),
                ('subject', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='subject')),
                ('message', models.TextField(max_length=50000, verbose_name='message')),
                ('status', models.CharField(choices=[('u', 'unsolved'), ('c', 'closed'), ('f', 'frozen')], db_default='u', default='u', max_length=1, verbose_name='status')),
                ('priority', models.CharField(choices=[('low', 'low'), ('normal', 'normal'), ('high', 'high'), ('urgent', 'urgent')], db_default='normal', default='normal', max_length=10, verbose_name='priority')),
            ],
            options={
                'ordering': ('-pgh_id',),
                'abstract': False,
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=config.triggers.TriggerSql(condition='WHEN ((OLD."assignee_id" IS DISTINCT FROM (NEW."assignee_id") OR OLD."meeting_id" IS DISTINCT FROM (NEW."meeting_id") OR OLD."message" IS DISTINCT FROM (NEW."message") OR OLD."order_id" IS DISTINCT FROM (NEW."order_id") OR OLD."priority" IS DISTINCT FROM (NEW."priority") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."subject" IS DISTINCT FROM (NEW."subject") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id")) AND pg_trigger_depth() = 0)', func='\n            INSERT INTO tickets_tickethistory ("user_id", "subject", "message", "status", "priority", "assignee_id", "order_id", "meeting_id", pgh_created_at, pgh_label, pgh_obj_id, pgh_became)\n            SELECT OLD."user_id", OLD."subject", OLD."message", OLD."status", OLD."priority", OLD."assignee_id", OLD."order_id", OLD."meeting_id", now(), \'update\', OLD.id, (\n                SELECT jsonb_object_agg(n.key, n.value)\n                FROM jsonb_each(jsonb_build_object(\'user_id\', NEW."user_id", \'subject\', NEW."subject", \'message\', NEW."message", \'status\', NEW."status", \'priority\', NEW."priority", \'assignee_id\', NEW."assignee_id", \'order_id\', NEW."order_id", \'meeting_id\', NEW."meeting_id")) n JOIN jsonb_each(jsonb_build_object(\'user_id\', OLD."user_id", \'subject\', OLD."subject", \'message\', OLD."message", \'status\', OLD."status", \'priority\', OLD."priority", \'assignee_id\', OLD."assignee_id", \'order_id\', OLD."order_id", \'meeting_id\', OLD."meeting_id")) o USING (key)\n                WHERE n.value <> o.value\n            );\n            RETURN NULL;\n        ', hash='67ee25ac73d9b78819ca952f71e0986205092a4e', operation='UPDATE OF "user_id", "subject", "message", "status", "priority", "assignee_id", "order_id", "meeting_id"', pgid='pgtrigger_note_update_10123', table='tickets_ticket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ticket',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=config.triggers.TriggerSql(func='INSERT INTO "tickets_tickethistory" ("assignee_id", "meeting_id", "message", "order_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "status", "subject", "user_id") VALUES (OLD."assignee_id", OLD."meeting_id", OLD."message", OLD."order_id", NOW(), \'delete\', OLD."id", OLD."priority", OLD."status", OLD."subject", OLD."user_id"); RETURN NULL;', hash='e3a2df36722237568c11ec698802b4cbc17925f6', operation='DELETE', pgid='pgtrigger_note_delete_dae3e', table='tickets_ticket', when='AFTER')),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='assignee',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, limit_choices_to={'is_active': True, 'is_staff': True}, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assignee'),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='meeting',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='scheduling.meeting', verbose_name='meeting'),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='order',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='shop.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='pgh_by',
            field=models.ForeignKey(db_constraint=False, db_default=django.db.models.functions.comparison.Cast(django.db.models.functions.comparison.NullIf(models.Func(models.Value('frontdesk.actor'), models.Value(True), function='current_setting', output_field=models.TextField()), models.Value('')), models.BigIntegerField()), db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='history', to='tickets.ticket'),
        ),
        migrations.AddField(
            model_name='tickethistory',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='customer'),
        ),
        migrations.AddIndex(
            model_name='tickethistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='ticket_history'),
        ),
        migrations.AddIndex(
            model_name='tickethistory',
            index=models.Index(fields=['user'], name='ticket_history_owner'),
        ),
    ]
