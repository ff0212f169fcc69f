attribute = await intercom.data_attributes.create(
    name="team_size", model="contact", data_type="integer"
)
async for known in intercom.data_attributes.list(model="contact"):
    print(known.name, known.data_type)
