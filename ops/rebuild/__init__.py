"""Builds a service's read tables anew from its items, beside the tables in use, and swaps them.

tables     the new tables, the control row and the swap
control    the lock that prevents a second rebuild, and the connection that holds it
scan       writes items into the new tables, through the projector's own guarded transaction
run        the steps, in sequence, and the step at which `--resume` continues

    begin      create tables ending in __next, without secondary indexes; `generations.building` makes the projector
               write them, too
    scan       write all existing items, while the streams feed both sets of tables
    indexes    add the secondary indexes, while the streams feed both sets of tables
    verify     verify the new tables, as `ops verify` does with those in use
    swap       one RENAME TABLE for the tables and `generations` itself, so that no transaction sees half of it
    end        drop the old tables, and the old `generations` last: while it exists, the swap is not cleaned up

Until the swap, queries read the tables in use and the streams feed them. If the rebuild is killed at any point, it can
be resumed or abandoned.
"""
