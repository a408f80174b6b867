"""What tests of campaigns and journeys share."""

from datetime import timedelta

ROWS = ("recipients", "opens", "clicks", "bounces", "unsubscribes", "spam")
PAGE = "https://www.example.com/mail"


class Mailing:
    """Campaigns of an account of the fixtures."""

    def __init__(self, account):
        self.account = account
        self.call = account.call

    def wait(self, **span):
        """Moves the clock forward."""
        return self.call("POST", "/_control/clock", {"advance_seconds": timedelta(**span).total_seconds()})

    def fill(self, title, count, name="p"):
        """Adds people to a list."""
        posted = [{"EmailAddress": f"{name}{n}@example.com", "ConsentToTrack": "Yes"} for n in range(count)]
        path = f"/api/v3.3/subscribers/{self.account.lists[title]}/import.json"
        assert self.call("POST", path, {"Subscribers": posted}).status == 201

    def create(self, *titles, client="South", **more):
        """The reply to making a campaign to lists."""
        ids = [self.account.lists[title] for title in titles]
        said = {
            "Name": "One",
            "Subject": "S",
            "FromName": "F",
            "FromEmail": "f@example.com",
            "ReplyTo": "r@example.com",
        }
        body = {**said, "HtmlUrl": PAGE, "ListIDs": ids, **more}
        return self.call("POST", f"/api/v3.3/campaigns/{self.account.clients[client]}.json", body)

    def draft(self, *titles, **more):
        """A draft's id."""
        made = self.create(*titles, **more)
        assert made.status == 201, made.body
        return made.json

    def post(self, campaign, what, **body):
        return self.call("POST", f"/api/v3.3/campaigns/{campaign}/{what}.json", body)

    def send(self, campaign, when="Immediately", to="me@example.com"):
        return self.post(campaign, "send", ConfirmationEmail=to, SendDate=when)

    def sent(self, *titles, **more):
        """The id of a campaign that was sent."""
        made = self.draft(*titles, **more)
        assert self.send(made).status == 200
        return made

    def get(self, campaign, what, **query):
        return self.call("GET", f"/api/v3.3/campaigns/{campaign}/{what}.json", **query).json

    def rows(self, campaign, what, **query):
        return self.get(campaign, what, **query)["Results"]

    def of_client(self, what, client="South", version="3.3", **query):
        return self.call("GET", f"/api/v{version}/clients/{self.account.clients[client]}/{what}.json", **query)

    def names(self, what, **query):
        found = self.of_client(what, **query).json
        return [each["Name"] for each in (found["Results"] if isinstance(found, dict) else found)]
