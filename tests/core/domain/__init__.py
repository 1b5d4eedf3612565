"""The domain that the engine's own tests run on: accounts, and transfers between them.

    transfers   requested -> accepted or refused; accepted -> settled; cancelled until it is settled
    accounts    an account holds money, of which a part may be promised; a hold says what a transfer was promised

A transfer has legs, an account and an amount each; they add up to zero. It asks the accounts for a hold over all of
its legs, all or none. The hold (`hold#<transfer>`) is a second kind of aggregate, without a row: it is what remembers
how far the two services are with each other.
"""
