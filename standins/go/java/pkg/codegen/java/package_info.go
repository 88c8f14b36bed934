// Package java declares the one type of Pulumi's Java code generator that a provider's schema metadata names.
//
// The docker-build plugin fills it in when it prints its schema; nothing at run time reads it. It stands in
// where the module proxy does not serve github.com/pulumi/pulumi-java.
package java

// PackageInfo is the Java section of a package schema.
type PackageInfo struct {
	BuildFiles                      string            `json:"buildFiles,omitempty"`
	GradleNexusPublishPluginVersion string            `json:"gradleNexusPublishPluginVersion,omitempty"`
	Dependencies                    map[string]string `json:"dependencies,omitempty"`
}
