newest = intercom.with_options(version="2.16")
async for brand in newest.brands.list():
    print(brand.name)
