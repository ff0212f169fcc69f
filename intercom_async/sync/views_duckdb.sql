-- Views over the tables of a DuckDB target: what rows refer to, one row a reference, and the tables
-- that the dbt package of Fivetran for Intercom reads. Each begins with the tables that it needs.
-- Gone rows are left out of references, and marked in the tables. A row stands for its latest version
-- only: from its last change on, and until it went, or without an end. A column of such a view takes the
-- place of one that the API has come to send by the same name: that is what UNION and REPLACE are for.

-- needs: contacts
CREATE OR REPLACE VIEW contact_tags AS
SELECT id AS contact_id, unnest(json_extract_string(tags, '$.data[*].id')) AS tag_id
FROM contacts WHERE _deleted_at IS NULL;

-- needs: contacts
CREATE OR REPLACE VIEW contact_companies AS
SELECT id AS contact_id, unnest(json_extract_string(companies, '$.data[*].id')) AS company_id
FROM contacts WHERE _deleted_at IS NULL;

-- needs: companies
CREATE OR REPLACE VIEW company_tags AS
SELECT id AS company_id, unnest(json_extract_string(tags, '$.tags[*].id')) AS tag_id
FROM companies WHERE _deleted_at IS NULL;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_tags AS
SELECT id AS conversation_id, unnest(json_extract_string(tags, '$.tags[*].id')) AS tag_id
FROM conversations WHERE _deleted_at IS NULL;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_contacts AS
SELECT id AS conversation_id, unnest(json_extract_string(contacts, '$.contacts[*].id')) AS contact_id
FROM conversations WHERE _deleted_at IS NULL;

-- needs: tickets
CREATE OR REPLACE VIEW ticket_contacts AS
SELECT id AS ticket_id, unnest(json_extract_string(contacts, '$.contacts[*].id')) AS contact_id
FROM tickets WHERE _deleted_at IS NULL;

-- needs: teams
CREATE OR REPLACE VIEW team_admin AS
SELECT id AS team_id, unnest(json_extract_string(admin_ids, '$[*]')) AS admin_id,
    _synced_at AS _fivetran_synced, false AS _fivetran_deleted
FROM teams WHERE _deleted_at IS NULL;

-- needs: contacts
CREATE OR REPLACE VIEW contact_history AS
SELECT * REPLACE (owner_id AS admin_id),
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM (FROM contacts UNION ALL BY NAME SELECT NULL AS admin_id WHERE false);

-- needs: companies
CREATE OR REPLACE VIEW company_history AS
SELECT * REPLACE (plan->>'$.id' AS plan_id, plan->>'$.name' AS plan_name),
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM (FROM companies UNION ALL BY NAME SELECT NULL AS plan_id, NULL AS plan_name WHERE false);

-- needs: conversations
CREATE OR REPLACE VIEW conversation_history AS
SELECT * REPLACE (
    coalesce(nullif(admin_assignee_id, '0'), nullif(team_assignee_id, '0')) AS assignee_id,
    CASE
        WHEN nullif(admin_assignee_id, '0') IS NOT NULL THEN 'admin'
        WHEN nullif(team_assignee_id, '0') IS NOT NULL THEN 'team'
    END AS assignee_type,
    TRY_CAST(conversation_rating->>'$.rating' AS BIGINT) AS conversation_rating_value,
    conversation_rating->>'$.remark' AS conversation_rating_remark,
    epoch_ms(1000 * TRY_CAST(
        regexp_extract(first_contact_reply->>'$.created_at', '^\d{1,11}$') AS BIGINT
    )) AS first_contact_reply_created_at,
    first_contact_reply->>'$.type' AS first_contact_reply_type,
    sla_applied->>'$.sla_name' AS sla_name,
    sla_applied->>'$.sla_status' AS sla_status,
    source->>'$.type' AS source_type,
    source->>'$.delivered_as' AS source_delivered_as,
    source->>'$.subject' AS source_subject,
    source->>'$.body' AS source_body,
    source->>'$.author.id' AS source_author_id,
    source->>'$.author.type' AS source_author_type),
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM (FROM conversations UNION ALL BY NAME SELECT NULL AS assignee_id, NULL AS assignee_type,
    NULL AS conversation_rating_value, NULL AS conversation_rating_remark,
    NULL AS first_contact_reply_created_at, NULL AS first_contact_reply_type,
    NULL AS sla_name, NULL AS sla_status, NULL AS source_type, NULL AS source_delivered_as,
    NULL AS source_subject, NULL AS source_body, NULL AS source_author_id,
    NULL AS source_author_type WHERE false);

-- needs: conversation_parts, conversations
CREATE OR REPLACE VIEW conversation_part_history AS
SELECT parts.* REPLACE (conversations.updated_at AS conversation_updated_at,
    parts.author->>'$.id' AS author_id,
    parts.author->>'$.type' AS author_type,
    parts.assigned_to->>'$.id' AS assigned_to_id,
    parts.assigned_to->>'$.type' AS assigned_to_type),
    parts.updated_at AS _fivetran_start,
    coalesce(parts._deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    parts._synced_at AS _fivetran_synced, parts._deleted_at IS NULL AS _fivetran_active
FROM (FROM conversation_parts UNION ALL BY NAME SELECT NULL AS conversation_updated_at,
    NULL AS author_id, NULL AS author_type, NULL AS assigned_to_id, NULL AS assigned_to_type
    WHERE false) AS parts
JOIN conversations ON parts.conversation_id = conversations.id;

-- needs: articles
CREATE OR REPLACE VIEW article_history AS
SELECT * REPLACE (
    CASE parent_type WHEN 'collection' THEN parent_id END AS collection_id,
    CASE parent_type WHEN 'section' THEN parent_id END AS section_id,
    statistics->>'$.type' AS statistics_type,
    TRY_CAST(statistics->>'$.views' AS BIGINT) AS statistics_views,
    TRY_CAST(statistics->>'$.conversations' AS BIGINT) AS statistics_conversations,
    TRY_CAST(statistics->>'$.reactions' AS BIGINT) AS statistics_reactions,
    TRY_CAST(statistics->>'$.happy_reaction_percentage' AS DOUBLE)
        AS statistics_happy_reaction_percentage,
    TRY_CAST(statistics->>'$.neutral_reaction_percentage' AS DOUBLE)
        AS statistics_neutral_reaction_percentage,
    TRY_CAST(statistics->>'$.sad_reaction_percentage' AS DOUBLE)
        AS statistics_sad_reaction_percentage),
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM (FROM articles UNION ALL BY NAME SELECT NULL AS collection_id, NULL AS section_id,
    NULL AS statistics_type, NULL AS statistics_views, NULL AS statistics_conversations,
    NULL AS statistics_reactions, NULL AS statistics_happy_reaction_percentage,
    NULL AS statistics_neutral_reaction_percentage, NULL AS statistics_sad_reaction_percentage
    WHERE false);

-- needs: collections
CREATE OR REPLACE VIEW collection_history AS
SELECT * REPLACE (record->>'$.type' AS type),
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM (FROM collections UNION ALL BY NAME SELECT NULL AS type WHERE false);

-- needs: help_centers
CREATE OR REPLACE VIEW help_center_history AS
SELECT *,
    updated_at AS _fivetran_start,
    coalesce(_deleted_at, TIMESTAMP '9999-12-31 23:59:59') AS _fivetran_end,
    _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM help_centers;

-- needs: contacts
CREATE OR REPLACE VIEW contact_tag_history AS
SELECT contact_tags.*, contacts.updated_at AS contact_updated_at,
    contacts.updated_at AS _fivetran_start, TIMESTAMP '9999-12-31 23:59:59' AS _fivetran_end,
    contacts._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM contact_tags JOIN contacts ON contacts.id = contact_tags.contact_id;

-- needs: contacts
CREATE OR REPLACE VIEW contact_company_history AS
SELECT contact_companies.*, contacts.updated_at AS contact_updated_at,
    contacts.updated_at AS _fivetran_start, TIMESTAMP '9999-12-31 23:59:59' AS _fivetran_end,
    contacts._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM contact_companies JOIN contacts ON contacts.id = contact_companies.contact_id;

-- needs: companies
CREATE OR REPLACE VIEW company_tag_history AS
SELECT company_tags.*, companies.updated_at AS company_updated_at,
    companies.updated_at AS _fivetran_start, TIMESTAMP '9999-12-31 23:59:59' AS _fivetran_end,
    companies._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM company_tags JOIN companies ON companies.id = company_tags.company_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_tag_history AS
SELECT conversation_tags.*, conversations.updated_at AS conversation_updated_at,
    conversations.updated_at AS _fivetran_start, TIMESTAMP '9999-12-31 23:59:59' AS _fivetran_end,
    conversations._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM conversation_tags JOIN conversations ON conversations.id = conversation_tags.conversation_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_contact_history AS
SELECT conversation_contacts.*, conversations.updated_at AS conversation_updated_at,
    conversations.updated_at AS _fivetran_start, TIMESTAMP '9999-12-31 23:59:59' AS _fivetran_end,
    conversations._synced_at AS _fivetran_synced, true AS _fivetran_active
FROM conversation_contacts JOIN conversations ON conversations.id = conversation_contacts.conversation_id;

-- needs: admins
CREATE OR REPLACE VIEW admin AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM admins;

-- needs: tags
CREATE OR REPLACE VIEW tag AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM tags;

-- needs: teams
CREATE OR REPLACE VIEW team AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM teams;
