"""Loads the Online Retail data through the HTTP API: `python -m demo.seed [FILE]`.

The file is read twice, never held. The first pass (survey.py) learns which customers, products and
quantities the file's sales need; the second (orders.py) makes orders. What becomes of a line:

  * A sale is a line with a customer, a positive quantity and a positive price, that is not part of a
    cancellation (an invoice number that starts with C), priced in whole pence and within the API's
    limits (chalicelib/core/fields.py). Other lines are skipped; the last line of output says how many, why
    and what they were worth.
  * An order is an invoice. Its reference is the invoice number. A new part begins, in the order of the
    lines, where a line would bring a hundredth SKU or be the 1,001st line; parts are called
    `<invoice>/2`, `<invoice>/3` ... It is placed when the invoice's first sale line says, taken as UTC.
  * A customer 17850 is "Customer 17850" with the e-mail customer-17850@online-retail.example and the
    country of its first sale line.
  * A product's SKU is its stock code. Codes that differ in case stay different. Each character outside
    letters, digits, '.', '_' and '-' becomes '-'; a code that does not begin with a letter or a digit gets
    an X in front. Its name and price are those of its first sale line, so that loading the
    sample and then the whole year ends as loading the year at once.
  * Stock: one receipt a SKU for all that the file sells of it, referenced `seed-<digest of the file>`.

Nothing needs to be remembered between runs: e-mails, SKUs and references are unique in the API, so a
run that is stopped anywhere and started again, days later too, meets what is there already and goes on.
"""
