newest = intercom.with_options(version="2.16")
async for macro in newest.macros.list():
    print(macro.name)
