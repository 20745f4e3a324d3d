//! `DescribeClusters`.

use emulator::{Cluster, DescribeClusters, Mode};

use crate::{
    answer::Answer,
    operations::clusters,
    stage::{HERE, THERE, over_both},
};

#[tokio::test]
async fn clusters_are_shown_filtered_and_paged() {
    over_both(async |stage| {
        for letter in ['a', 'b', 'c'] {
            let id = format!("cluster-{}", letter.to_string().repeat(11));
            stage.seed_cluster(Cluster::new(HERE, id).retention_days(30));
        }
        let mut special = Cluster::new(HERE, "cluster-ddddddddddd").deleted();
        special.hsm_type = Some("hsm2m.medium".to_owned());
        special.mode = Some(Mode::NonFips);
        special.vpc_id = Some("vpc-1".to_owned());
        special.tags = [("team".to_owned(), "pki".to_owned())].into();
        stage.seed_cluster(special);
        let mut request = DescribeClusters { max_results: Some(3), ..DescribeClusters::default() };
        let Answer::Clusters(first, token) = stage.ask(HERE, clusters(request.clone())).await else {
            panic!()
        };
        assert_eq!((first.len(), token.is_some()), (3, true));
        let days = (Some("DAYS".to_owned()), Some("30".to_owned()));
        assert_eq!((first[0].state.as_deref(), &first[0].retention), (Some("ACTIVE"), &Some(days)));
        request.next_token = token;
        let Answer::Clusters(second, None) = stage.ask(HERE, clusters(request)).await else { panic!() };
        assert_eq!(
            (second[0].state.as_deref(), second[0].mode.as_deref()),
            (Some("DELETED"), Some("NON_FIPS"))
        );
        for (key, value, found) in [
            ("clusterIds", "cluster-bbbbbbbbbbb", 1),
            ("clusterIds", "cluster-zzzzzzzzzzz", 0),
            ("states", "ACTIVE", 3),
            ("vpcIds", "vpc-1", 1),
        ] {
            let request = clusters(DescribeClusters::default().filter(key, [value]));
            let Answer::Clusters(page, None) = stage.ask(HERE, request).await else { panic!() };
            assert_eq!(page.len(), found, "{key} {value}");
        }
        assert_eq!(
            stage.ask(THERE, clusters(DescribeClusters::default())).await,
            Answer::Clusters(Vec::new(), None)
        );
        for wrong in [
            DescribeClusters { max_results: Some(26), ..DescribeClusters::default() },
            DescribeClusters { next_token: Some("p1".to_owned()), ..DescribeClusters::default() },
            DescribeClusters::default().filter("states", ["READY"]),
            DescribeClusters::default().filter("clusterId", ["x"]),
        ] {
            assert_eq!(stage.refused(HERE, clusters(wrong)).await, "CloudHsmInvalidRequestException");
        }
    })
    .await;
}
