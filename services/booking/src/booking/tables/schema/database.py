"""Where every table of booking belongs, beside the standard ones."""

import sqlalchemy as sa

from common.database import standard_tables

metadata = sa.MetaData()
standard_tables(metadata)
