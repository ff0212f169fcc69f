from intercom_async import F

kind = await intercom.ticket_types.list().first()
contact = await intercom.contacts.list().first()
if kind is not None and contact is not None:
    ticket = await intercom.tickets.create(
        ticket_type_id=kind.id,
        contact_id=contact.id,
        ticket_attributes={"_default_title_": "It is broken"},
    )
    print(ticket.id)
open_tickets = await intercom.tickets.search(F.open == True).collect(limit=10)  # noqa: E712
