-- Views over the tables of a DuckDB target: what rows refer to, one row a reference, and the tables
-- that the dbt package of Fivetran for Intercom reads. Each begins with the tables that it needs.
-- Gone rows are left out of references, and marked in the tables.

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
SELECT id AS team_id, unnest(json_extract_string(admin_ids, '$[*]')) AS admin_id
FROM teams WHERE _deleted_at IS NULL;

-- needs: contacts
CREATE OR REPLACE VIEW contact_history AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active FROM contacts;

-- needs: companies
CREATE OR REPLACE VIEW company_history AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active FROM companies;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_history AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NULL AS _fivetran_active
FROM conversations;

-- needs: conversation_parts, conversations
CREATE OR REPLACE VIEW conversation_part_history AS
SELECT parts.*, conversations.updated_at AS conversation_updated_at,
    parts._synced_at AS _fivetran_synced, parts._deleted_at IS NULL AS _fivetran_active
FROM conversation_parts AS parts
JOIN conversations ON parts.conversation_id = conversations.id;

-- needs: contacts
CREATE OR REPLACE VIEW contact_tag_history AS
SELECT contact_tags.*, contacts.updated_at AS contact_updated_at,
    contacts._synced_at AS _fivetran_synced
FROM contact_tags JOIN contacts ON contacts.id = contact_tags.contact_id;

-- needs: contacts
CREATE OR REPLACE VIEW contact_company_history AS
SELECT contact_companies.*, contacts.updated_at AS contact_updated_at,
    contacts._synced_at AS _fivetran_synced
FROM contact_companies JOIN contacts ON contacts.id = contact_companies.contact_id;

-- needs: companies
CREATE OR REPLACE VIEW company_tag_history AS
SELECT company_tags.*, companies.updated_at AS company_updated_at,
    companies._synced_at AS _fivetran_synced
FROM company_tags JOIN companies ON companies.id = company_tags.company_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_tag_history AS
SELECT conversation_tags.*, conversations.updated_at AS conversation_updated_at,
    conversations._synced_at AS _fivetran_synced
FROM conversation_tags JOIN conversations ON conversations.id = conversation_tags.conversation_id;

-- needs: conversations
CREATE OR REPLACE VIEW conversation_contact_history AS
SELECT conversation_contacts.*, conversations.updated_at AS conversation_updated_at,
    conversations._synced_at AS _fivetran_synced
FROM conversation_contacts
JOIN conversations ON conversations.id = conversation_contacts.conversation_id;

-- needs: admins
CREATE OR REPLACE VIEW admin AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM admins;

-- needs: tags
CREATE OR REPLACE VIEW tag AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM tags;

-- needs: teams
CREATE OR REPLACE VIEW team AS
SELECT *, _synced_at AS _fivetran_synced, _deleted_at IS NOT NULL AS _fivetran_deleted FROM teams;
