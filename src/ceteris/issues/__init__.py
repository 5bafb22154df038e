"""Label issues as cleanlab finds them, in one table. The only rooms that know cleanlab, but for Datalab's."""
