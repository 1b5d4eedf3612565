"""Load the Online Retail data through the HTTP API: `python -m demo.seed [FILE]`.

The file is read twice, and never held in memory. The first pass (survey.py) finds the customers, products and
quantities that the file's sales need. The second pass (orders.py) makes orders. The rules:

  * A sale is a line with a customer, a positive quantity and a positive price, that is not part of a
    cancellation (an invoice number that starts with C), priced in whole pence and within the API's
    limits (chalicelib/core/fields.py). Other lines are skipped. The last line of output says how many, why,
    and how much they were worth.
  * An order is an invoice. Its reference is the invoice number. A large invoice becomes several orders: a new
    order begins before the line that would be its 1,001st or would have its hundredth SKU. The further orders
    are `<invoice>/2`, `<invoice>/3` and so on. An order's time is that of the invoice's first sale line, as UTC.
  * A customer, such as 17850, is "Customer 17850" with the e-mail customer-17850@online-retail.example and the
    country of its first sale line.
  * A product's SKU is its stock code. Codes that differ in case stay different. Each character outside
    letters, digits, '.', '_' and '-' becomes '-'. A code that does not begin with a letter or a digit gets
    an X in front. The name and the price are those of the first sale line, so that loading the sample and
    then the whole year has the same result as loading the year at once.
  * Stock: one receipt for each SKU, of all pieces that the file sells, with the reference
    `seed-<digest of the file>`.

A run keeps no state of its own: e-mails, SKUs and references are unique in the API. So a run that was stopped
anywhere can be started again, even days later. It finds what exists already, and goes on.
"""
