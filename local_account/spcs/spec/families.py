"""Instance families of compute pools.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/instance-families-aws and the
pages of the other clouds.
"""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """One instance family.

    Attributes:
        vcpu: usable CPUs of a node.
        memory: usable memory of a node, in GiB.
        gpus: GPUs of a node.
        gpu_memory: memory of one GPU, in GiB.
        architecture: architecture of images that run on it.
    """

    name: str
    vcpu: int
    memory: int
    storage: int = 100
    gpus: int = 0
    gpu_memory: int = 0
    architecture: str = "amd64"

    @property
    def description(self) -> str:
        kind = f"{self.gpus} GPU" if self.gpus else "CPU"
        return f"{kind}, {self.vcpu} vCPU, {self.memory} GiB"


_ALL = [
    Family("CPU_X64_XS", 1, 6),
    Family("CPU_X64_S", 3, 13),
    Family("CPU_X64_M", 6, 28),
    Family("CPU_X64_SL", 14, 58),
    Family("CPU_X64_L", 28, 116),
    Family("HIGHMEM_X64_S", 6, 58),
    Family("HIGHMEM_X64_M", 28, 240),
    Family("HIGHMEM_X64_SL", 60, 492),
    Family("HIGHMEM_X64_L", 124, 984),
    Family("GEN_X64_G2_2", 1, 6),
    Family("GEN_X64_G2_4", 3, 13),
    Family("GEN_X64_G2_8", 6, 28),
    Family("GEN_X64_G2_16", 14, 58),
    Family("GEN_X64_G2_32", 28, 116),
    Family("GEN_ARM_G1_2", 1, 6, architecture="arm64"),
    Family("GEN_ARM_G1_4", 3, 13, architecture="arm64"),
    Family("GEN_ARM_G1_8", 6, 28, architecture="arm64"),
    Family("GEN_ARM_G1_16", 14, 58, architecture="arm64"),
    Family("GEN_ARM_G1_32", 28, 116, architecture="arm64"),
    Family("MEM_X64_G2_8", 6, 58),
    Family("MEM_X64_G2_32", 28, 240),
    Family("MEM_X64_G2_64", 60, 492),
    Family("MEM_X64_G2_96", 92, 652),
    Family("MEM_X64_G2_192", 188, 1436),
    Family("GPU_NV_XS", 3, 26, gpus=1, gpu_memory=16),
    Family("GPU_NV_S", 6, 28, 450, 1, 24),
    Family("GPU_NV_SM", 32, 424, gpus=1, gpu_memory=24),
    Family("GPU_NV_M", 44, 178, 3800, 4, 24),
    Family("GPU_NV_2M", 68, 858, gpus=2, gpu_memory=24),
    Family("GPU_NV_3M", 44, 424, gpus=2, gpu_memory=80),
    Family("GPU_NV_SL", 92, 858, gpus=4, gpu_memory=80),
    Family("GPU_NV_L", 92, 1112, gpus=8, gpu_memory=40),
    Family("GPU_GCP_NV_L4_1_24G", 6, 28, gpus=1, gpu_memory=24),
    Family("GPU_GCP_NV_L4_4_24G", 44, 178, gpus=4, gpu_memory=24),
    Family("GPU_GCP_NV_A100_8_40G", 92, 654, gpus=8, gpu_memory=40),
    Family("GPU_L40S_G1_8", 6, 58, gpus=1, gpu_memory=48),
    Family("GPU_L40S_G1_16", 14, 116, gpus=1, gpu_memory=48),
    Family("GPU_L40S_G1_48", 44, 368, gpus=4, gpu_memory=48),
    Family("GPU_L40S_G1_192", 188, 1436, gpus=8, gpu_memory=48),
    Family("GPU_A100_G1_12", 10, 77, gpus=1, gpu_memory=40),
    Family("GPU_A100_G1_48", 44, 324, gpus=4, gpu_memory=40),
]
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
