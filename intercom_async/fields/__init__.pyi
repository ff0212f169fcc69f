from .admins import *
from .ai_content import *
from .articles import *
from .audiences import *
from .common import *
from .companies import *
from .contacts import *
from .content import *
from .conversation_attributes import *
from .conversations import *
from .custom_objects import *
from .data_attributes import *
from .data_connectors import *
from .events import *
from .fin import *
from .help_center import *
from .internal_articles import *
from .messages import *
from .news import *
from .office_hours import *
from .replies import *
from .reporting import *
from .ticket_types import *
from .tickets import *

__all__: list[str]
