"""Erases the personal data of one person, in all stores.

finding      which aggregates belong to the person: by the read model, and by a scan of the tables
commits      the commits that erase, by the command pipeline
read_model   the markers, the rows and the timeline
letters      the dead letters, and their images in S3
remains      what is left until it expires, and until when
run          all of these, in order

Every step is idempotent and depends on no earlier run, so a run that was killed is simply run again.
"""

from ops.erase.run import EraseJob, EraseReport, erase

__all__ = ["EraseJob", "EraseReport", "erase"]
