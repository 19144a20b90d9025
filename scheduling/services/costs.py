"""What meetings cost, in the shop's lesson credits. Called in the transaction that books, moves or cancels."""

from shop.services import forfeit_credits, return_credits, spend_credits


def spend(meeting):
    """Takes what a meeting costs from its student. Raises the shop's NotEnoughCredits."""
    spend_credits(student_id=meeting.student_id, meeting_id=meeting.pk, credits=meeting.credits)


def settle(meeting, *, forfeited):
    """Gives back what a meeting cost, or keeps it where the student canceled too late."""
    if meeting.credits:
        (forfeit_credits if forfeited else return_credits)(meeting_id=meeting.pk)


def move(meeting, *, cost, forfeited):
    """The same meeting in a slot of another cost. What did not change stays where it is, even if it has expired since."""
    if cost != meeting.credits or forfeited:
        settle(meeting, forfeited=forfeited)
        meeting.credits = cost
        spend(meeting)
