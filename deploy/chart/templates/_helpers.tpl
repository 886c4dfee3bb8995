{{- define "shipmate.name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{- end -}}
{{- end }}

{{- define "shipmate.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shipmate.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "shipmate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "shipmate.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}{{ .Values.serviceAccount.name | default (include "shipmate.name" .) }}
{{- else -}}{{ .Values.serviceAccount.name | default "default" }}{{- end -}}
{{- end }}

{{- define "shipmate.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end }}

{{- define "shipmate.configMap" -}}
{{ .Values.existingConfigMap | default (include "shipmate.name" .) }}
{{- end }}

{{- /* What would run half: refused with what to set. */ -}}
{{- define "shipmate.refused" -}}
{{- if and (not .Values.config) (not .Values.existingConfigMap) -}}
{{ fail "set config (what stands in shipmate.yaml) or existingConfigMap" }}
{{- end -}}
{{- if not (has .Values.database.kind (list "sqlite" "postgresql")) -}}
{{ fail (printf "database.kind is %q; known: sqlite, postgresql" .Values.database.kind) }}
{{- end -}}
{{- if and (eq .Values.database.kind "sqlite") (gt (int .Values.replicas) 1) -}}
{{ fail "several replicas need database.kind: postgresql; a SQLite file serves one" }}
{{- end -}}
{{- if and (eq .Values.database.kind "postgresql") (not (has "DATABASE_URL" .Values.secrets.keys)) -}}
{{ fail "database.kind is postgresql: add DATABASE_URL to secrets.keys" }}
{{- end -}}
{{- end }}
