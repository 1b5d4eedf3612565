"""The services' tables, and the outputs that other stacks need."""

from collections.abc import Iterable

from deploy.generate.fill import filled
from deploy.generate.names import logical

_TABLE = """
{id}Table:
  Type: AWS::DynamoDB::Table
  DeletionPolicy: RetainExceptOnCreate
  UpdateReplacePolicy: Retain
  Properties:
    TableName: !Sub "${{TablePrefix}}{name}"
    BillingMode: PAY_PER_REQUEST
    AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
    KeySchema: [{{AttributeName: id, KeyType: HASH}}]
    StreamSpecification: {{StreamViewType: NEW_AND_OLD_IMAGES}}
    TimeToLiveSpecification: {{AttributeName: expires_at, Enabled: true}}
    PointInTimeRecoverySpecification: {{PointInTimeRecoveryEnabled: true}}
    DeletionProtectionEnabled: !Ref DeletionProtection
"""
_OUTPUTS = """
{id}TableArn: {{Value: !GetAtt {id}Table.Arn}}
{id}StreamArn: {{Value: !GetAtt {id}Table.StreamArn}}
"""


def text(services: Iterable[str]) -> str:
    """Return infrastructure/data.yaml for the services' names."""
    names = [(logical(name), name) for name in services]
    tables = [_TABLE.strip().format(id=id, name=name) for id, name in names]
    outputs = [_OUTPUTS.strip().format(id=id) for id, _ in names]
    return filled("data.yaml", {"tables": "\n\n".join(tables), "outputs": "\n".join(outputs)})
