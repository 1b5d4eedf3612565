"""Made-up outputs of a data stack."""

from chalicelib.bootstrap import SERVICES
from deploy.generate.names import logical

ACCOUNT = "000000000000"
TABLES = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/tributary-"
_SECRETS = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:"

OUTPUTS = {
    "Prefix": "tributary-",
    "DeadLetterTable": "tributary-dead-letters",
    "DeadLetterTableArn": f"{TABLES}dead-letters",
    "DeadLetterBucket": "tributary-letters",
    "DeadLetterBucketArn": "arn:aws:s3:::tributary-letters",
    "FunctionSubnets": "subnet-a,subnet-b",
    "FunctionSecurityGroups": "sg-functions",
    "ClusterId": "cluster",
    "ProxyName": "proxy",
    "DatabaseUserArn": f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:prx-1",
    "MigrateDatabaseUrl": "mysql://tributary_admin@proxy.example:3306/tributary?auth=iam",
    "DatabaseUrl": "mysql://tributary_writer@proxy.example:3306/tributary?auth=iam",
    "ReadDatabaseUrl": "mysql://tributary_reader@read.example:3306/tributary?auth=iam",
    "WriterSecretArn": f"{_SECRETS}writer",
    "ReaderSecretArn": f"{_SECRETS}reader",
    "TokenSecretArn": f"{_SECRETS}token",
    **{f"{logical(name)}TableArn": f"{TABLES}{name}" for name in SERVICES},
    **{f"{logical(name)}StreamArn": f"{TABLES}{name}/stream/2026-11-23T09:00:00.000" for name in SERVICES},
}
