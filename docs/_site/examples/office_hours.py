newest = intercom.with_options(version="2.16")
async for schedule in newest.office_hours.list():
    print(schedule.name, schedule.time_zone_name)
