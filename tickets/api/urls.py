"""The support desk's paths, one pattern list per contract: config/urls.py mounts each where its documents want it."""

from config.routing import routes
from tickets.api.views import AnswerViewSet, AttachmentViewSet, TicketViewSet

canonical = routes(tickets=TicketViewSet, answers=AnswerViewSet, attachments=AttachmentViewSet)
support_desk = routes(ticket=TicketViewSet, comment=AnswerViewSet)
