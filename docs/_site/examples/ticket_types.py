kind = await intercom.ticket_types.create(name="Bug", category="Customer")
await intercom.ticket_types.create_attribute(
    kind.id, name="Browser", description="Where it happened", data_type="string"
)
