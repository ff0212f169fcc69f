order = await intercom.custom_objects.create(
    "Order", external_id="1001", custom_attributes={"total": "12"}
)
found = await intercom.custom_objects.find_by_external_id("Order", external_id="1001")
print(found)
