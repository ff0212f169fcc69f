newest = intercom.with_options(version="2.16")
async for audience in newest.audiences.list():
    print(audience.name)
