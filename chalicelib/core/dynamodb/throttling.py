"""The codes of errors by which AWS says that a request came too often, DynamoDB's cancellation reasons included."""

from typing import Final

# Those of botocore's retries (botocore.retries.standard.ThrottledRetryableChecker) that DynamoDB and S3 use, and the
# reasons of a cancelled transaction.
THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
    }
)
