"""Alerts: events of runs sent by workers to chat, mail, phone or a webhook, through apprise."""
