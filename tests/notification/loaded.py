"""What sends messages, imported: apprise looks at each of its services, which takes a second."""

from project.notification.services import apprise

apprise().Apprise.instantiate("json://localhost")
