newest = intercom.with_options(version="2.16")
async for attribute in newest.conversation_attributes.list():
    print(attribute.name)
