//go:build tools

// Package tools pins the Kubernetes programs that hack/control-plane/provide builds.
//
// k8s.io/kubernetes replaces its staging modules by folders that its module zip does not
// hold, so `go install k8s.io/kubernetes/cmd/…@version` is refused. This module replaces
// each of them by the published module of the same release instead (v1.N.P is v0.N.P there).
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
