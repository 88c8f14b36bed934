"""What runs in containers: Milvus, notebooks and jobs, with their specifications and addresses."""
