//go:build tools

// Package tools pins the etcd server that hack/control-plane/provide builds. It is a module
// of its own because Kubernetes asks for other versions of modules the two share.
package tools

import _ "go.etcd.io/etcd/server/v3"
