#!/bin/bash
# 예전 방식. 이제는 Slack 에서 /deploy 를 씁니다.
SERVICE=$1
IMAGE_TAG=$2
ENV=$3
cd apps/${SERVICE}/overlays/${ENV}
kustomize edit set image flash-tickets-${SERVICE}=${ECR_REGISTRY}/flash-tickets-${SERVICE}:${IMAGE_TAG}
