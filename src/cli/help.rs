//! What `--help` teaches, beside the flags.

/// The first line.
pub(super) const ABOUT: &str = "A Kubernetes operator that keeps the wanted state of AWS CloudHSM backups";

/// What it is.
pub(super) const LONG_ABOUT: &str = "\
A Kubernetes operator that keeps the wanted state of AWS CloudHSM backups.

You declare a backup as a CloudHsmBackup resource: whether it expires, its tags, whether it is deleted. The
operator makes AWS match, and shows in the status what AWS says. Removing a resource deletes nothing in AWS
unless it says `deletionPolicy: Delete`.

Without a command it runs the operator.";

/// What to know before it is run.
pub(super) const AFTER: &str = "\
ENVIRONMENT
  Each option has an environment variable, shown beside it; the option wins.

  AWS is reached as by the AWS CLI: credentials, profile, single sign-on, roles of pods and endpoints come
  from the AWS SDK's own chain and variables, among them:
    AWS_PROFILE                              a profile of ~/.aws/config
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
                                             keys
    AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE
                                             a role; EKS sets them for a pod's service account
    AWS_USE_FIPS_ENDPOINT=true, AWS_USE_DUALSTACK_ENDPOINT=true
                                             the FIPS endpoints; both are needed
    AWS_ENDPOINT_URL_CLOUDHSM_V2, AWS_ENDPOINT_URL_STS
                                             other endpoints, such as an emulator's
    HTTPS_PROXY, NO_PROXY                    a proxy to reach AWS by, and what is reached without it
  The region of a backup comes from its resource, not from AWS_REGION.

  Kubernetes is reached through the kubeconfig that KUBECONFIG names, else ~/.kube/config, else the service
  account of the pod.

EXAMPLES
  Install the CRD, then run on your own machine against the cluster that kubectl uses, deleting nothing:
    cloudhsm-backup-operator crd | kubectl apply --server-side -f -
    AWS_PROFILE=hsm-admin cloudhsm-backup-operator --watch-namespace hsm --max-deletions 0

  Look at it while it runs:
    curl localhost:8080/readyz
    curl localhost:8080/metrics";

/// What `crd` does.
pub(super) const CRD_LONG: &str = "\
Print the CustomResourceDefinition of CloudHsmBackup as YAML.

Needs neither AWS nor a cluster:
  cloudhsm-backup-operator crd | kubectl apply --server-side -f -";
