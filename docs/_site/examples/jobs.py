kind = await intercom.ticket_types.list().first()
contact = await intercom.contacts.list().first()
if kind is not None and contact is not None:
    job = await intercom.tickets.enqueue(ticket_type_id=kind.id, contact_id=contact.id)
    done = await intercom.jobs.wait(job.id, timeout_s=60)
    print(done.status)
