"""The actions that CloudFormation calls to make, change, read and remove each type of resource in the templates.

Sources: the handlers of the resource types' schemas, the documentation of the older types, and
https://docs.aws.amazon.com/service-authorization/latest/reference/. Looked up in November 2026; not tried on AWS.
"""

from collections.abc import Mapping

_CRUD_ROLE = (
    "iam:CreateRole iam:GetRole iam:DeleteRole iam:TagRole iam:PutRolePolicy iam:GetRolePolicy iam:DeleteRolePolicy"
    " iam:ListRolePolicies iam:AttachRolePolicy iam:DetachRolePolicy iam:ListAttachedRolePolicies"
    " iam:UpdateAssumeRolePolicy"
)
_SECURITY_GROUP = "ec2:AuthorizeSecurityGroup{0} ec2:RevokeSecurityGroup{0} ec2:DescribeSecurityGroups"
_REST = "apigateway:POST apigateway:GET apigateway:PUT apigateway:PATCH apigateway:DELETE"

NEEDED: Mapping[str, str] = {
    "AWS::CloudFormation::Stack": (
        "cloudformation:CreateStack cloudformation:UpdateStack cloudformation:DeleteStack cloudformation:DescribeStacks"
        " cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:ExecuteChangeSet"
        " cloudformation:DeleteChangeSet cloudformation:GetTemplate s3:GetObject"
    ),
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTable dynamodb:DeleteTable"
        " dynamodb:UpdateTimeToLive dynamodb:DescribeTimeToLive dynamodb:UpdateContinuousBackups"
        " dynamodb:DescribeContinuousBackups dynamodb:ListTagsOfResource dynamodb:TagResource"
    ),
    "AWS::S3::Bucket": (
        "s3:CreateBucket s3:DeleteBucket s3:ListBucket s3:PutEncryptionConfiguration s3:GetEncryptionConfiguration"
        " s3:PutBucketVersioning s3:GetBucketVersioning s3:PutBucketPublicAccessBlock s3:GetBucketPublicAccessBlock"
        " s3:PutBucketTagging s3:GetBucketTagging s3:PutLifecycleConfiguration s3:GetLifecycleConfiguration"
    ),
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy s3:GetBucketPolicy s3:DeleteBucketPolicy",
    "AWS::EC2::VPC": "ec2:CreateVpc ec2:DescribeVpcs ec2:DeleteVpc ec2:ModifyVpcAttribute ec2:DescribeVpcAttribute"
    " ec2:CreateTags",
    "AWS::EC2::Subnet": "ec2:CreateSubnet ec2:DescribeSubnets ec2:DeleteSubnet ec2:ModifySubnetAttribute"
    " ec2:DescribeAvailabilityZones",
    "AWS::EC2::RouteTable": "ec2:CreateRouteTable ec2:DescribeRouteTables ec2:DeleteRouteTable",
    "AWS::EC2::SubnetRouteTableAssociation": "ec2:AssociateRouteTable ec2:DisassociateRouteTable",
    "AWS::EC2::VPCEndpoint": "ec2:CreateVpcEndpoint ec2:DescribeVpcEndpoints ec2:ModifyVpcEndpoint"
    " ec2:DeleteVpcEndpoints",
    "AWS::EC2::SecurityGroup": "ec2:CreateSecurityGroup ec2:DeleteSecurityGroup ec2:DescribeSecurityGroups"
    " ec2:AuthorizeSecurityGroupIngress ec2:RevokeSecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress": _SECURITY_GROUP.format("Ingress"),
    "AWS::EC2::SecurityGroupEgress": _SECURITY_GROUP.format("Egress"),
    "AWS::RDS::DBSubnetGroup": "rds:CreateDBSubnetGroup rds:DescribeDBSubnetGroups rds:ModifyDBSubnetGroup"
    " rds:DeleteDBSubnetGroup rds:ListTagsForResource rds:AddTagsToResource ec2:DescribeSubnets ec2:DescribeVpcs"
    " ec2:DescribeAccountAttributes",
    "AWS::RDS::DBClusterParameterGroup": "rds:CreateDBClusterParameterGroup rds:DescribeDBClusterParameterGroups"
    " rds:DescribeDBClusterParameters rds:DescribeEngineDefaultClusterParameters rds:ModifyDBClusterParameterGroup"
    " rds:DeleteDBClusterParameterGroup rds:DescribeDBClusters rds:AddTagsToResource rds:ListTagsForResource",
    "AWS::RDS::DBCluster": "rds:CreateDBCluster rds:DescribeDBClusters rds:ModifyDBCluster rds:DeleteDBCluster"
    " rds:CreateDBClusterSnapshot rds:DescribeDBClusterSnapshots rds:DescribeEvents rds:DescribeGlobalClusters"
    " rds:DescribeDBSubnetGroups rds:AddTagsToResource iam:CreateServiceLinkedRole kms:DescribeKey kms:CreateGrant"
    " secretsmanager:CreateSecret secretsmanager:TagResource secretsmanager:RotateSecret ec2:DescribeSecurityGroups",
    "AWS::RDS::DBInstance": "rds:CreateDBInstance rds:DescribeDBInstances rds:ModifyDBInstance rds:DeleteDBInstance"
    " rds:RebootDBInstance rds:DescribeDBEngineVersions rds:DescribeEvents rds:AddTagsToResource"
    " ec2:DescribeAccountAttributes ec2:DescribeAvailabilityZones ec2:DescribeInternetGateways"
    " ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcAttribute ec2:DescribeVpcs",
    "AWS::RDS::DBProxy": "rds:CreateDBProxy rds:DescribeDBProxies rds:ModifyDBProxy rds:DeleteDBProxy iam:PassRole"
    " iam:CreateServiceLinkedRole ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups",
    "AWS::RDS::DBProxyEndpoint": "rds:CreateDBProxyEndpoint rds:DescribeDBProxyEndpoints rds:ModifyDBProxyEndpoint"
    " rds:DeleteDBProxyEndpoint",
    "AWS::RDS::DBProxyTargetGroup": "rds:DescribeDBProxyTargetGroups rds:ModifyDBProxyTargetGroup"
    " rds:RegisterDBProxyTargets rds:DeregisterDBProxyTargets rds:DescribeDBProxyTargets",
    "AWS::SecretsManager::Secret": "secretsmanager:CreateSecret secretsmanager:DescribeSecret"
    " secretsmanager:GetSecretValue secretsmanager:UpdateSecret secretsmanager:DeleteSecret secretsmanager:TagResource"
    " secretsmanager:GetRandomPassword",
    "AWS::IAM::Role": _CRUD_ROLE,
    "AWS::Logs::LogGroup": "logs:CreateLogGroup logs:DescribeLogGroups logs:DeleteLogGroup logs:PutRetentionPolicy"
    " logs:TagResource logs:ListTagsForResource",
    "AWS::Logs::MetricFilter": "logs:PutMetricFilter logs:DescribeMetricFilters logs:DeleteMetricFilter",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard cloudwatch:GetDashboard cloudwatch:DeleteDashboards",
    "AWS::ApiGateway::Account": "apigateway:GET apigateway:PATCH iam:PassRole",
    "AWS::Serverless::Api": f"{_REST} iam:CreateServiceLinkedRole logs:CreateLogDelivery logs:GetLogDelivery"
    " logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy"
    " logs:DescribeResourcePolicies logs:DescribeLogGroups",
    "AWS::Serverless::Function": "lambda:CreateFunction lambda:GetFunction lambda:UpdateFunctionCode"
    " lambda:UpdateFunctionConfiguration lambda:DeleteFunction lambda:PublishVersion lambda:ListVersionsByFunction"
    " lambda:CreateAlias lambda:GetAlias lambda:UpdateAlias lambda:DeleteAlias lambda:AddPermission"
    " lambda:RemovePermission lambda:PutProvisionedConcurrencyConfig lambda:GetProvisionedConcurrencyConfig"
    " lambda:DeleteProvisionedConcurrencyConfig lambda:CreateEventSourceMapping lambda:GetEventSourceMapping"
    " lambda:UpdateEventSourceMapping lambda:DeleteEventSourceMapping lambda:TagResource iam:PassRole s3:GetObject"
    " events:PutRule events:DescribeRule events:DeleteRule events:PutTargets events:RemoveTargets"
    " ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs",
    "AWS::WAFv2::WebACL": "wafv2:CreateWebACL wafv2:GetWebACL wafv2:UpdateWebACL wafv2:DeleteWebACL"
    " wafv2:ListTagsForResource wafv2:TagResource wafv2:UntagResource",
    "AWS::WAFv2::WebACLAssociation": "wafv2:AssociateWebACL wafv2:DisassociateWebACL wafv2:GetWebACLForResource"
    " wafv2:GetWebACL apigateway:SetWebACL",
    "Custom::Migrations": "lambda:InvokeFunction",
}
PERSON = (
    "cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:ExecuteChangeSet"
    " cloudformation:DeleteChangeSet cloudformation:DescribeStacks cloudformation:DescribeStackEvents"
    " cloudformation:GetTemplate cloudformation:GetTemplateSummary cloudformation:ListStackResources"
    " cloudformation:RollbackStack cloudformation:DeleteStack s3:CreateBucket s3:PutObject s3:GetObject s3:ListBucket"
    " s3:GetBucketLocation s3:PutBucketPolicy s3:PutBucketVersioning s3:PutBucketTagging s3:PutEncryptionConfiguration"
    " s3:PutBucketPublicAccessBlock iam:PassRole"
    " s3:DeleteObject cloudformation:DescribeStackResource"
)
