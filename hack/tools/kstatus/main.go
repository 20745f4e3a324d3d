// Command kstatus reads Kubernetes objects as JSON from standard input, one after the other,
// each an object or a List, and prints a line of JSON for each of them: the status that
// sigs.k8s.io/cli-utils computes and why. That is what Flux, and tools that are built like
// kubectl, conclude from it: Current, InProgress, Failed, Terminating, NotFound or Unknown.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// A line of output.
type line struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	Message   string `json:"message"`
}

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: kubectl get KIND -o json | kstatus")
	}
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("standard input is not JSON: %w", err)
		}
		// Not into a map: unstructured keeps integers integers, as a client of Kubernetes does.
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(raw); err != nil {
			return fmt.Errorf("not a Kubernetes object: %w", err)
		}
		if err := each(&object, encoder.Encode); err != nil {
			return err
		}
	}
}

// each prints the status of the object, or of everything in it if it is a List.
func each(object *unstructured.Unstructured, print func(any) error) error {
	if object.IsList() {
		return object.EachListItem(func(item runtime.Object) error {
			return each(item.(*unstructured.Unstructured), print)
		})
	}
	result, err := status.Compute(object)
	if err != nil {
		return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return print(line{
		Kind:      object.GetKind(),
		Namespace: object.GetNamespace(),
		Name:      object.GetName(),
		Status:    result.Status.String(),
		Message:   result.Message,
	})
}
