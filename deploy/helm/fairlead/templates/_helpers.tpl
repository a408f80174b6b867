{{- define "fairlead.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "fairlead.selector" -}}
app.kubernetes.io/name: fairlead
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "fairlead.labels" -}}
{{ include "fairlead.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end -}}

{{/* What all pods are: nobody in particular, without a token of the cluster, on a read-only file system. */}}
{{- define "fairlead.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: secrets
    secret:
      secretName: {{ .root.Values.secret.name | quote }}
      defaultMode: 0440
      items:
        - key: {{ .root.Values.secret.keys.secretKey | quote }}
          path: secret-key
        - key: {{ .root.Values.secret.keys.databaseUrl | quote }}
          path: database-url
        {{- with .root.Values.secret.keys.metricsToken }}
        - key: {{ . | quote }}
          path: metrics-token
        {{- end }}
  - name: tmp
    emptyDir: {}
{{- end -}}

{{- define "fairlead.container" -}}
image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]
volumeMounts:
  - name: secrets
    mountPath: /run/secrets/fairlead
    readOnly: true
  - name: tmp
    mountPath: /tmp
env:
  - name: FAIRLEAD_PUBLIC_URL
    value: {{ required "Set publicUrl to the address at which people open the admin." .root.Values.publicUrl | quote }}
  - name: FAIRLEAD_SECRET_KEY_FILE
    value: /run/secrets/fairlead/secret-key
  - name: FAIRLEAD_DATABASE_URL_FILE
    value: /run/secrets/fairlead/database-url
  {{- if .root.Values.secret.keys.metricsToken }}
  - name: FAIRLEAD_METRICS_TOKEN_FILE
    value: /run/secrets/fairlead/metrics-token
  {{- end }}
  - name: FAIRLEAD_PORT
    value: {{ .root.Values.web.port | quote }}
  - name: FAIRLEAD_CONCURRENCY
    value: {{ .root.Values.worker.concurrency | quote }}
  - name: FAIRLEAD_STOP_SECONDS
    value: {{ .root.Values.worker.stopSeconds | quote }}
  {{- range $name, $value := .root.Values.settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end -}}
