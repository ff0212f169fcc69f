newest = intercom.with_options(version="2.16")
async for connector in newest.data_connectors.list():
    print(connector.name)
