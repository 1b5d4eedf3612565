"""The domain that the engine's own tests run on: accounts, and transfers between them.

    transfers   requested -> accepted or refused; accepted -> settled; cancelled until it is settled
    accounts    an account holds money, and a part of it may be promised; a hold has the promise to a transfer

A transfer has legs, each with an account and an amount. The amounts add up to zero. A transfer asks the accounts for
a hold of all its legs, or none. The hold (`hold#<transfer>`) is a second kind of aggregate, without a row. It stores
how far the saga of the two services has come.
"""
