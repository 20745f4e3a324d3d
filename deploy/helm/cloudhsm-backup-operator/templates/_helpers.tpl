{{/* The chart's name, or what takes its place. */}}
{{- define "cloudhsm-backup-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of everything. A release that is named after the chart does not say it twice. */}}
{{- define "cloudhsm-backup-operator.fullname" -}}
{{- $name := include "cloudhsm-backup-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What the pods are selected by. It can never change in a release. */}}
{{- define "cloudhsm-backup-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cloudhsm-backup-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "cloudhsm-backup-operator.labels" -}}
{{ include "cloudhsm-backup-operator.selectorLabels" . }}
app.kubernetes.io/part-of: cloudhsm-backup-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels of the pods. Without the versions: a new chart alone is no reason to replace them. */}}
{{- define "cloudhsm-backup-operator.podLabels" -}}
{{ include "cloudhsm-backup-operator.selectorLabels" . }}
app.kubernetes.io/part-of: cloudhsm-backup-operator
{{- end }}

{{- define "cloudhsm-backup-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "cloudhsm-backup-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "cloudhsm-backup-operator.image" -}}
{{- with .Values.image }}
{{- .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* What the operator does with resources, for the ClusterRole or the Role in each namespace. */}}
{{- define "cloudhsm-backup-operator.rules" -}}
- apiGroups: [cloudhsm-backup.dev]
  resources: [cloudhsmbackups]
  # patch: its finalizer, while deletionPolicy is Delete. It never writes a spec.
  verbs: [get, list, watch, patch]
- apiGroups: [cloudhsm-backup.dev]
  resources: [cloudhsmbackups/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{- define "cloudhsm-backup-operator.subject" -}}
- kind: ServiceAccount
  name: {{ include "cloudhsm-backup-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

{{/* A constraint of topologySpreadConstraints, with the labels of the pods where it names none. */}}
{{- define "cloudhsm-backup-operator.spread" -}}
{{- $own := dict "matchLabels" (include "cloudhsm-backup-operator.selectorLabels" .context | fromYaml) }}
{{- $constraint := .constraint }}
{{- if not (hasKey $constraint "labelSelector") }}
{{- $constraint = merge (dict "labelSelector" $own "matchLabelKeys" (list "pod-template-hash")) $constraint }}
{{- end }}
{{- toYaml (list $constraint) }}
{{- end }}

{{/* NetworkPolicy peers for CIDRs. "Everywhere" leaves out the node's own services: link-local
     addresses, and Amazon's for IPv6. An exception must lie within its CIDR, so others get none. */}}
{{- define "cloudhsm-backup-operator.peers" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . }}
    {{- if eq . "0.0.0.0/0" }}
    except: [169.254.0.0/16]
    {{- else if eq . "::/0" }}
    except: [fd00:ec2::/32]
    {{- end }}
{{- end }}
{{- end }}

{{/* What the schema cannot say, or not in clear words. */}}
{{- define "cloudhsm-backup-operator.check" -}}
{{- if and (gt (int .Values.replicaCount) 1) (not .Values.leaderElection.enabled) }}
{{- fail "replicaCount above 1 needs leaderElection.enabled: without it every replica would act" }}
{{- end }}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret }}
{{- fail "caBundle: set configMap or secret, not both" }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) .Values.serviceAccount.annotations }}
{{- fail "serviceAccount.annotations need serviceAccount.create: this chart does not change an account that it did not make" }}
{{- end }}
{{- end }}
