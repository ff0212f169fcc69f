newest = intercom.with_options(version="2.16")
async for found in newest.content.search("opening hours"):
    print(found.title)
