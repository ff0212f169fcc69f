collection = await intercom.help_center.create_collection(name="First steps")
async for known in intercom.help_center.list_collections():
    print(known.name)
