-- The views of views_duckdb.sql over the schema of a PostgreSQL target; search_path names that schema.
-- PostgreSQL fixes a view's columns when it is made, and a view that others read cannot be made with
-- other ones. So each lists its columns, and new ones are added at its end; all fields are in raw.

-- needs: contacts
CREATE OR REPLACE VIEW contact_tags AS
SELECT contacts.id AS contact_id, item #>> '{}' AS tag_id
FROM contacts, jsonb_path_query(contacts.tags, '$.data[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: contacts
CREATE OR REPLACE VIEW contact_companies AS
SELECT contacts.id AS contact_id, item #>> '{}' AS company_id
FROM contacts, jsonb_path_query(contacts.companies, '$.data[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: companies
CREATE OR REPLACE VIEW company_tags AS
SELECT companies.id AS company_id, item #>> '{}' AS tag_id
FROM companies, jsonb_path_query(companies.tags, '$.tags[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_tags AS
SELECT conversations.id AS conversation_id, item #>> '{}' AS tag_id
FROM conversations, jsonb_path_query(conversations.tags, '$.tags[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_contacts AS
SELECT conversations.id AS conversation_id, item #>> '{}' AS contact_id
FROM conversations, jsonb_path_query(conversations.contacts, '$.contacts[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: tickets
CREATE OR REPLACE VIEW ticket_contacts AS
SELECT tickets.id AS ticket_id, item #>> '{}' AS contact_id
FROM tickets, jsonb_path_query(tickets.contacts, '$.contacts[*].id') AS item
WHERE _deleted_at IS NULL;

-- needs: teams
CREATE OR REPLACE VIEW team_admin AS
SELECT teams.id AS team_id, item #>> '{}' AS admin_id,
    _synced_at AS _fivetran_synced, false AS _fivetran_deleted
FROM teams, jsonb_path_query(teams.admin_ids, '$[*]') AS item
WHERE _deleted_at IS NULL;

-- needs: contacts
CREATE OR REPLACE VIEW contact_history AS
SELECT id, owner_id AS admin_id, external_id, workspace_id, role, name, email, phone,
    unsubscribed_from_emails, created_at, updated_at, signed_up_at, last_seen_at, last_replied_at,
    last_contacted_at, last_email_opened_at, last_email_clicked_at, custom_attributes, raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM contacts;

-- needs: companies
CREATE OR REPLACE VIEW company_history AS
SELECT id, company_id, name, website, industry, size, monthly_spend, session_count, user_count,
    plan->>'id' AS plan_id, plan->>'name' AS plan_name,
    created_at, updated_at, remote_created_at, last_request_at, custom_attributes, raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM companies;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_history AS
SELECT id, title, state, open, read, priority, created_at, updated_at, waiting_since, snoozed_until,
    coalesce(nullif(admin_assignee_id, '0'), nullif(team_assignee_id, '0')) AS assignee_id,
    CASE
        WHEN nullif(admin_assignee_id, '0') IS NOT NULL THEN 'admin'
        WHEN nullif(team_assignee_id, '0') IS NOT NULL THEN 'team'
    END AS assignee_type,
    CASE WHEN conversation_rating->>'rating' ~ '^-?\d{1,18}$'
        THEN (conversation_rating->>'rating')::bigint END AS conversation_rating_value,
    conversation_rating->>'remark' AS conversation_rating_remark,
    CASE WHEN first_contact_reply->>'created_at' ~ '^\d{1,11}$'
        THEN to_timestamp((first_contact_reply->>'created_at')::bigint)
    END AS first_contact_reply_created_at,
    first_contact_reply->>'type' AS first_contact_reply_type,
    sla_applied->>'sla_name' AS sla_name,
    sla_applied->>'sla_status' AS sla_status,
    source->>'type' AS source_type,
    source->>'delivered_as' AS source_delivered_as,
    source->>'subject' AS source_subject,
    source->>'body' AS source_body,
    source#>>'{author,id}' AS source_author_id,
    source#>>'{author,type}' AS source_author_type,
    custom_attributes, raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM conversations;

-- needs: conversation_parts, conversations
CREATE OR REPLACE VIEW conversation_part_history AS
SELECT parts.id, parts.conversation_id, parts.part_type, parts.body,
    parts.created_at, parts.updated_at, parts.notified_at,
    conversations.updated_at AS conversation_updated_at,
    parts.author->>'id' AS author_id,
    parts.author->>'type' AS author_type,
    parts.assigned_to->>'id' AS assigned_to_id,
    parts.assigned_to->>'type' AS assigned_to_type,
    parts.raw,
    parts.updated_at AS _fivetran_start,
    coalesce(parts._deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    parts._synced_at AS _fivetran_synced, parts._deleted_at IS NULL AS _fivetran_active
FROM conversation_parts AS parts
JOIN conversations ON parts.conversation_id = conversations.id;

-- needs: articles
CREATE OR REPLACE VIEW article_history AS
SELECT id, workspace_id, title, description, body, author_id, state, created_at, updated_at, url,
    type, parent_id, parent_type, default_locale,
    CASE parent_type WHEN 'collection' THEN parent_id END AS collection_id,
    CASE parent_type WHEN 'section' THEN parent_id END AS section_id,
    statistics->>'type' AS statistics_type,
    CASE WHEN statistics->>'views' ~ '^\d{1,18}$'
        THEN (statistics->>'views')::bigint END AS statistics_views,
    CASE WHEN statistics->>'conversations' ~ '^\d{1,18}$'
        THEN (statistics->>'conversations')::bigint END AS statistics_conversations,
    CASE WHEN statistics->>'reactions' ~ '^\d{1,18}$'
        THEN (statistics->>'reactions')::bigint END AS statistics_reactions,
    CASE WHEN statistics->>'happy_reaction_percentage' ~ '^\d{1,18}(\.\d+)?$'
        THEN (statistics->>'happy_reaction_percentage')::double precision
    END AS statistics_happy_reaction_percentage,
    CASE WHEN statistics->>'neutral_reaction_percentage' ~ '^\d{1,18}(\.\d+)?$'
        THEN (statistics->>'neutral_reaction_percentage')::double precision
    END AS statistics_neutral_reaction_percentage,
    CASE WHEN statistics->>'sad_reaction_percentage' ~ '^\d{1,18}(\.\d+)?$'
        THEN (statistics->>'sad_reaction_percentage')::double precision
    END AS statistics_sad_reaction_percentage,
    raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM articles;

-- needs: collections
CREATE OR REPLACE VIEW collection_history AS
SELECT id, workspace_id, help_center_id, parent_id, name, description, url, icon, "order",
    raw->>'type' AS type, default_locale, created_at, updated_at, raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM collections;

-- needs: help_centers
CREATE OR REPLACE VIEW help_center_history AS
SELECT id, workspace_id, identifier, display_name, website_turned_on, created_at, updated_at, raw,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMPTZ '9999-12-31 23:59:59+00') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM help_centers;

-- needs: contacts
CREATE OR REPLACE VIEW contact_tag_history AS
SELECT contact_id, tag_id, contacts.updated_at AS contact_updated_at,
    contacts.updated_at AS _fivetran_start,
    TIMESTAMPTZ '9999-12-31 23:59:59+00' AS _fivetran_end,
    contacts._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM contact_tags JOIN contacts ON contacts.id = contact_id;

-- needs: contacts
CREATE OR REPLACE VIEW contact_company_history AS
SELECT contact_id, company_id, contacts.updated_at AS contact_updated_at,
    contacts.updated_at AS _fivetran_start,
    TIMESTAMPTZ '9999-12-31 23:59:59+00' AS _fivetran_end,
    contacts._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM contact_companies JOIN contacts ON contacts.id = contact_id;

-- needs: companies
CREATE OR REPLACE VIEW company_tag_history AS
SELECT company_tags.company_id, tag_id, companies.updated_at AS company_updated_at,
    companies.updated_at AS _fivetran_start,
    TIMESTAMPTZ '9999-12-31 23:59:59+00' AS _fivetran_end,
    companies._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM company_tags JOIN companies ON companies.id = company_tags.company_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_tag_history AS
SELECT conversation_id, tag_id, conversations.updated_at AS conversation_updated_at,
    conversations.updated_at AS _fivetran_start,
    TIMESTAMPTZ '9999-12-31 23:59:59+00' AS _fivetran_end,
    conversations._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM conversation_tags JOIN conversations ON conversations.id = conversation_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_contact_history AS
SELECT conversation_id, contact_id, conversations.updated_at AS conversation_updated_at,
    conversations.updated_at AS _fivetran_start,
    TIMESTAMPTZ '9999-12-31 23:59:59+00' AS _fivetran_end,
    conversations._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM conversation_contacts JOIN conversations ON conversations.id = conversation_id;

-- needs: admins
CREATE OR REPLACE VIEW admin AS
SELECT id, name, email, job_title, raw,
    _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted
FROM admins;

-- needs: tags
CREATE OR REPLACE VIEW tag AS
SELECT id, name, raw,
    _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted
FROM tags;

-- needs: teams
CREATE OR REPLACE VIEW team AS
SELECT id, name, raw,
    _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted
FROM teams;
