async for team in intercom.teams.list():
    print(team.name, len(team.admin_ids))
