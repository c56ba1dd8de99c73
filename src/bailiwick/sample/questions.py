"""Three questions to the sample company, as anyone would ask them."""

QUESTIONS = (
    (
        "May alice, who is in image-readers, look at an image in eu-de?",
        ("user:alice", "ims:images:get", "brn:acme:ims:eu-de::image/web-1"),
    ),
    (
        "May alice create a private image from a server there?",
        ("user:alice", "ims:serverImages:create", "brn:acme:ims:eu-de::service/ims"),
    ),
    (
        "May frank detach volume v-17, which he owns?",
        ("user:frank", "volume.Detach", "brn:acme:cloud:us-east::volume/v-17"),
    ),
)
